"""Questions with known answers, asked in each mode, and a report of what came back."""
