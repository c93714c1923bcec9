"""What is true and survives a crash. Synchronous; no network, no asyncio, no templates."""
