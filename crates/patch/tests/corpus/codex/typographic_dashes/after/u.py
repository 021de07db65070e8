import asyncio  # changed
