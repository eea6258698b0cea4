"""Opening, handing over and closing the response this installation serves."""
