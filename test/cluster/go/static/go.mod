module badidea.dev/test/cluster/static

go 1.26.0
