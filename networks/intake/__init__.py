"""The safe doors for a teacher: files of a stranger, checked before anything is built."""
