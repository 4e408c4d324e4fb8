"""What becomes of the API when it is sent what nobody should send, while others go on asking."""
