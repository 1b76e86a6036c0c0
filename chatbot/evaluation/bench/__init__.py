"""Every engine that is installed here, side by side: how soon, how fast, and with how much memory it answers."""
