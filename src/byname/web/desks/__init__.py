"""The pages, one file each; PAGES in pages.py lists them."""
