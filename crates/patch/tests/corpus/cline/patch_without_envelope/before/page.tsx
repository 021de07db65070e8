<div>
  <a>Go</a>
</div>