"""Files and folders, and who may read and write them."""
