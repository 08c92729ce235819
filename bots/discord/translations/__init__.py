"""What Spokenly says in Discord in other languages than English, one table each."""
