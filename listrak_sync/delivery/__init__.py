"""Getting it there: every batch is sent and answered for."""
