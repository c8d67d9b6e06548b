import FlotillaModels
import CFlotillaRabbitMQ
import Glibc

extension ConnectionHandle {
    /// Whether the socket takes data without waiting, and whether it has some to give.
    func readiness() -> (isReadable: Bool, isWritable: Bool) {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN) | Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&descriptor, 1, 0)
        return (descriptor.revents & ~Int16(POLLOUT) != 0, descriptor.revents & Int16(POLLOUT) != 0)
    }

    borrowing func sendHeartbeat() throws(AMQPError) {
        var heartbeat = unsafe amqp_frame_t()
        unsafe heartbeat.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
        let status = unsafe amqp_send_frame(state, &heartbeat)
        guard status == 0 else { throw .library(status, "send a heartbeat") }
    }

    /// Turns confirms on, and waits for the broker's answer.
    borrowing func selectConfirms() throws(AMQPError) {
        _ = unsafe amqp_confirm_select(state, 1)
        unsafe try check(amqp_get_rpc_reply(state), "turn confirms on")
    }

    /// Writes one message, persistent and mandatory, on channel 1.
    /// - Parameter user: in whose name it is sent; the broker refuses every other but the connection's own.
    borrowing func publish(_ outgoing: borrowing OutgoingMessage, by user: String) throws(AMQPError) {
        var properties = unsafe encoder.properties(of: outgoing.message, by: user)
        let exchange = unsafe encoder.bytes(outgoing.exchange)
        let routingKey = unsafe encoder.bytes(outgoing.routingKey)
        let status = unsafe outgoing.message.body.withUnsafeBytes { body in
            let bytes = unsafe amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return unsafe amqp_basic_publish(state, 1, exchange, routingKey, 1, 0, &properties, bytes)
        }
        encoder.recycle()
        guard status == 0 else { throw .library(status, "publish") }
    }

    borrowing func send(_ frame: AckWindow.Frame) throws(AMQPError) {
        let status =
            switch frame {
            case .acknowledge(let tag, let multiple): unsafe amqp_basic_ack(state, 1, tag, multiple ? 1 : 0)
            case .requeue(let tag, let multiple): unsafe amqp_basic_nack(state, 1, tag, multiple ? 1 : 0, 1)
            }
        guard status == 0 else { throw .library(status, "settle") }
    }

    /// Asks for at most `prefetch` unsettled deliveries for each consumer started from now on.
    borrowing func sendPrefetch(_ prefetch: Int) throws(AMQPError) {
        var method = amqp_basic_qos_t()
        method.prefetch_count = UInt16(clamping: prefetch)
        try send(MethodID.basicQoS, &method, "set the prefetch")
    }

    borrowing func sendConsume(_ queue: String, tag: String) throws(AMQPError) {
        defer { encoder.recycle() }
        var method = unsafe amqp_basic_consume_t()
        unsafe method.queue = encoder.bytes(queue)
        unsafe method.consumer_tag = encoder.bytes(tag)
        unsafe try send(MethodID.basicConsume, &method, "consume from \(queue)")
    }

    borrowing func sendCancel(tag: String) throws(AMQPError) {
        defer { encoder.recycle() }
        var method = unsafe amqp_basic_cancel_t()
        unsafe method.consumer_tag = encoder.bytes(tag)
        unsafe try send(MethodID.basicCancel, &method, "cancel \(tag)")
    }

    borrowing func sendOpenChannel(_ channel: UInt16) throws(AMQPError) {
        var method = unsafe amqp_channel_open_t()
        unsafe try send(MethodID.channelOpen, &method, "open a channel", channel: channel)
    }

    /// Confirms that the broker has closed a channel, which frees its number.
    borrowing func sendCloseOK(channel: UInt16) throws(AMQPError) {
        var method = amqp_channel_close_ok_t()
        try send(MethodID.channelCloseOK, &method, "close a channel", channel: channel)
    }

    /// Asks whether a queue exists; when it does not, the broker closes the channel with 404.
    borrowing func sendProbe(_ queue: String, channel: UInt16) throws(AMQPError) {
        defer { encoder.recycle() }
        var method = unsafe amqp_queue_declare_t()
        unsafe method.queue = encoder.bytes(queue)
        unsafe method.passive = 1
        unsafe try send(MethodID.queueDeclare, &method, "look for \(queue)", channel: channel)
    }

    private borrowing func send<Method>(
        _ id: UInt32,
        _ method: inout Method,
        _ operation: String,
        channel: UInt16 = 1
    ) throws(AMQPError) {
        let status = unsafe withUnsafeMutablePointer(to: &method) { unsafe amqp_send_method(state, channel, id, $0) }
        guard status == 0 else { throw .library(status, operation) }
    }
}
