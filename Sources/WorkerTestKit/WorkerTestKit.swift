enum TestKit {}
