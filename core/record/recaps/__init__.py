"""What a call came to: quotes chosen by plain rules, or what a language model or Deepgram makes of it."""
