"""One file of facts per provider; dropping a file in here is all it takes to add one."""
