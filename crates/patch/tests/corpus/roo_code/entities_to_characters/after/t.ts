.Map<int>(b => b.Count)
