"""The data model: base classes of messages and enums, versions, errors and issues."""
