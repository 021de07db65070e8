.Map&lt;int&gt;(b =&gt; b.Count)
