package struct QueueDepth: Sendable, Hashable {
    package var ready: Int
    package var consumers: Int

    package init(ready: Int, consumers: Int) {
        self.ready = ready
        self.consumers = consumers
    }
}
