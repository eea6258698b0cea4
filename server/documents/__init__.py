"""The generated reference pages: made from the code, checked against it."""
