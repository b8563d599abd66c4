"""The reference pages of the documentation, rendered from the model of each version."""
