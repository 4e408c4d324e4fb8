"""What searches are compared with, a file each; `benchmarks.search.methods` names them."""
