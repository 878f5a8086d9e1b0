"""One writer per format: a `Table` in, text or bytes out. A writer escapes; it neither rounds nor words."""
