"""What Listrak's account holds."""
