"""The other side's language: Listrak's email REST API."""
