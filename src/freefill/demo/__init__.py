"""Real photographs with free terms, jobs that people have with them, and one page that shows the fills."""
