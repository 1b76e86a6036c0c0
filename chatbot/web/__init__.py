"""The web chat, in Gradio."""
