fn main/0
    enter {}
    move x0, 6
    tail_ext Io.println/1

