Console.WriteLine("Hello, C# World!");
