"""What was sent, told as the way of a token: from a user of Clerk's to the rows of a provider."""
