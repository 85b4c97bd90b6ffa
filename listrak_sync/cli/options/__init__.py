"""The options of commands, in the groups in which their help shows them."""
