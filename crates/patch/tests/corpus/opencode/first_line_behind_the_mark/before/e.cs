using A;
class T {}
