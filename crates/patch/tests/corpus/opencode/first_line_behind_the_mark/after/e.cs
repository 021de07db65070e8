using B;
class T {}
