import FlotillaModels
import CFlotillaRabbitMQ

/// Requests that wait for their answer. Only for connections on which nothing else is under way.
extension ConnectionHandle {
    /// Frees the number of a channel that the broker has closed, and opens it again.
    borrowing func reopenChannel(_ channel: UInt16) throws(AMQPError) {
        try sendCloseOK(channel: channel)
        unsafe amqp_maybe_release_buffers(state)
        try openChannel(channel)
    }

    /// Closes a channel on which nothing is under way, and waits for the broker's answer.
    borrowing func closeChannel(_ channel: UInt16) throws(AMQPError) {
        unsafe try check(amqp_channel_close(state, channel, 200), "close a channel")
        unsafe amqp_maybe_release_buffers(state)
    }

    borrowing func passivelyDeclareExchange(_ name: String, channel: UInt16) throws(AMQPError) {
        defer { encoder.recycle() }
        let type = unsafe encoder.bytes("direct")
        _ = unsafe amqp_exchange_declare(state, channel, encoder.bytes(name), type, 1, 0, 0, 0, amqp_table_t())
        unsafe try check(amqp_get_rpc_reply(state), "look for exchange \(name)")
    }
}

extension ConnectionHandle {
    borrowing func declareExchange(
        _ name: String,
        type: String,
        durable: Bool,
        isInternal: Bool,
        arguments: HeaderTable
    ) throws(AMQPError) {
        try request("declare exchange \(name)") {
            let type = unsafe encoder.bytes(type)
            let table = unsafe encoder.table(arguments)
            _ = unsafe amqp_exchange_declare(
                state,
                1,
                encoder.bytes(name),
                type,
                0,
                durable ? 1 : 0,
                0,
                isInternal ? 1 : 0,
                table
            )
        }
    }

    borrowing func deleteExchange(_ name: String) throws(AMQPError) {
        try request("delete exchange \(name)") {
            _ = unsafe amqp_exchange_delete(state, 1, encoder.bytes(name), 0)
        }
    }

    borrowing func declareQueue(_ name: String, durable: Bool, arguments: HeaderTable) throws(AMQPError) {
        try request("declare queue \(name)") {
            let table = unsafe encoder.table(arguments)
            _ = unsafe amqp_queue_declare(state, 1, encoder.bytes(name), 0, durable ? 1 : 0, 0, 0, table)
        }
    }

    borrowing func deleteQueue(_ name: String) throws(AMQPError) {
        try request("delete queue \(name)") { _ = unsafe amqp_queue_delete(state, 1, encoder.bytes(name), 0, 0) }
    }

    borrowing func depth(of queue: String) throws(AMQPError) -> QueueDepth {
        var depth = QueueDepth(ready: 0, consumers: 0)
        try request("look for queue \(queue)") {
            let ok = unsafe amqp_queue_declare(state, 1, encoder.bytes(queue), 1, 0, 0, 0, amqp_table_t())
            guard let ok = unsafe ok else { return }
            unsafe depth = QueueDepth(ready: Int(ok.pointee.message_count), consumers: Int(ok.pointee.consumer_count))
        }
        return depth
    }

    /// Returns how many messages there were.
    borrowing func purgeQueue(_ name: String) throws(AMQPError) -> Int {
        var count = 0
        try request("purge queue \(name)") {
            guard let ok = unsafe amqp_queue_purge(state, 1, encoder.bytes(name)) else { return }
            count = Int(unsafe ok.pointee.message_count)
        }
        return count
    }

    borrowing func bind(_ binding: Binding) throws(AMQPError) {
        try request("bind \(binding.destination) to \(binding.source)") {
            let (destination, source) = unsafe (encoder.bytes(binding.destination), encoder.bytes(binding.source))
            let (key, table) = unsafe (encoder.bytes(binding.routingKey), encoder.table(binding.arguments))
            switch binding.kind {
            case .queue: _ = unsafe amqp_queue_bind(state, 1, destination, source, key, table)
            case .exchange: _ = unsafe amqp_exchange_bind(state, 1, destination, source, key, table)
            }
        }
    }

    borrowing func unbind(_ binding: Binding) throws(AMQPError) {
        try request("unbind \(binding.destination) from \(binding.source)") {
            let (destination, source) = unsafe (encoder.bytes(binding.destination), encoder.bytes(binding.source))
            let (key, table) = unsafe (encoder.bytes(binding.routingKey), encoder.table(binding.arguments))
            switch binding.kind {
            case .queue: _ = unsafe amqp_queue_unbind(state, 1, destination, source, key, table)
            case .exchange: _ = unsafe amqp_exchange_unbind(state, 1, destination, source, key, table)
            }
        }
    }

    /// Takes one message off a queue for good, without a prefetch; `nil` when the queue is empty.
    borrowing func get(_ queue: String) throws(AMQPError) -> (message: Message, exchange: String, routingKey: String)? {
        defer { encoder.recycle() }
        let operation = "get from \(queue)"
        let reply = unsafe amqp_basic_get(state, 1, encoder.bytes(queue), 1)
        unsafe try check(reply, operation)
        guard unsafe reply.reply.id == MethodID.basicGetOK, let decoded = unsafe reply.reply.decoded else { return nil }
        let head = unsafe decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
        let exchange = unsafe String(decoding: head.exchange.buffer, as: UTF8.self)
        let routingKey = unsafe String(decoding: head.routing_key.buffer, as: UTF8.self)
        var assembler = ContentAssembler(awaiting: DeliveryHead(exchange: exchange, routingKey: routingKey))
        while true {
            if case .delivery(_, let message) = try wait(&assembler, operation) {
                return (message, exchange, routingKey)
            }
        }
    }

    private borrowing func request(_ operation: String, _ call: () -> Void) throws(AMQPError) {
        defer {
            encoder.recycle()
            unsafe amqp_maybe_release_buffers(state)
        }
        call()
        unsafe try check(amqp_get_rpc_reply(state), operation)
    }
}
