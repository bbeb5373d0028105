UPDATE bench.progress SET position = $1
