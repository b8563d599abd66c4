"""Rendering: templates fill in the model, black formats the text, and files are published or compared."""
