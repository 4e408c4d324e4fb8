"""What `stillhouse doctor` looks at of the API's side of an installation, a module for each."""
