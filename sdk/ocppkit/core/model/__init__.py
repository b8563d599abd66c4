"""The data model that everything above shares: messages, enums, protocols, errors and issues."""
