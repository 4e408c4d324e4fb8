"""Which of the teacher's channels a student should keep, compared before and after training."""
