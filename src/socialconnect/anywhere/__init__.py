"""What no resource covers: any request of a provider's API with an account's token, and providers of one's own."""
