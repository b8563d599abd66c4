"""Compares two sets of schemas, and judges for each change whether old stations or CSMSs fail."""
