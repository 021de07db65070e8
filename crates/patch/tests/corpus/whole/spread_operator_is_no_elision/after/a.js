const a = {
  ...existing,
  ...rest,
};
