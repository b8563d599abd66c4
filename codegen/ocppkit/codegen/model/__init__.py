"""The model that templates render: schemas and facts merged, parsed and named."""
