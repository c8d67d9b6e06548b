import CFlotillaRabbitMQ
import Glibc

extension ConnectionHandle {
    /// Takes one frame off the wire without waiting; `nil` when there is none.
    borrowing func next(_ assembler: inout ContentAssembler) throws(AMQPError) -> BrokerEvent? {
        var immediately = timeval()
        let status = unsafe amqp_simple_wait_frame_noblock(state, frame, &immediately)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        guard status == 0 else { throw .library(status, "read") }
        let event = unsafe try read(frame.pointee, &assembler)
        // Nothing of the frame is referred to any more. The library refuses while it holds other frames.
        unsafe amqp_maybe_release_buffers_on_channel(state, frame.pointee.channel)
        return event
    }

    /// Waits for one frame, as long as a request may take.
    borrowing func wait(_ assembler: inout ContentAssembler, _ operation: String) throws(AMQPError) -> BrokerEvent {
        let status = unsafe amqp_simple_wait_frame_noblock(state, frame, amqp_get_rpc_timeout(state))
        guard status == 0 else { throw .library(status, operation) }
        return unsafe try read(frame.pointee, &assembler)
    }

    private borrowing func read(
        _ frame: amqp_frame_t,
        _ assembler: inout ContentAssembler
    ) throws(AMQPError) -> BrokerEvent {
        switch CInt(unsafe frame.frame_type) {
        case AMQP_FRAME_METHOD: return unsafe try read(frame.payload.method, frame.channel, &assembler)
        case AMQP_FRAME_HEADER:
            let header = unsafe frame.payload.properties
            guard assembler.head != nil, let decoded = unsafe header.decoded else { return .incomplete }
            unsafe (assembler.properties, assembler.headers) = PropertyDecoder.decode(
                decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee,
                raw: header.raw,
                cache: &assembler.cache
            )
            let size = unsafe header.body_size
            guard size <= UInt64(Int32.max) else { throw .library(-2, "read a message of \(size) bytes") }
            assembler.missing = Int(size)
            return assembler.completed()
        case AMQP_FRAME_BODY:
            let fragment = unsafe frame.payload.body_fragment
            guard assembler.head != nil, unsafe fragment.len <= assembler.missing else { return .incomplete }
            if unsafe assembler.body.isEmpty && fragment.len == assembler.missing {
                assembler.body = unsafe Array(fragment.buffer)
            } else {
                if assembler.body.isEmpty { assembler.body.reserveCapacity(assembler.missing) }
                unsafe assembler.body.append(contentsOf: fragment.buffer)
            }
            assembler.missing -= unsafe fragment.len
            return assembler.completed()
        default: return .incomplete
        }
    }

    private borrowing func read(
        _ method: amqp_method_t,
        _ channel: UInt16,
        _ assembler: inout ContentAssembler
    ) throws(AMQPError) -> BrokerEvent {
        guard let decoded = unsafe method.decoded else { return .incomplete }
        switch unsafe method.id {
        case MethodID.basicDeliver:
            let deliver = unsafe decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self)
            let head = unsafe DeliveryHead(
                tag: deliver.pointee.delivery_tag,
                isRedelivered: deliver.pointee.redelivered != 0,
                exchange: assembler.cache.string(deliver.pointee.exchange.buffer),
                routingKey: assembler.cache.string(deliver.pointee.routing_key.buffer),
                consumerTag: assembler.cache.string(deliver.pointee.consumer_tag.buffer)
            )
            assembler.head = .delivery(head)
            return .incomplete
        case MethodID.basicReturn:
            let returned = unsafe decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            let head = unsafe ReturnHead(
                code: Int(returned.reply_code),
                reason: assembler.cache.string(returned.reply_text.buffer),
                exchange: assembler.cache.string(returned.exchange.buffer),
                routingKey: assembler.cache.string(returned.routing_key.buffer)
            )
            assembler.head = .returned(head)
            return .incomplete
        case MethodID.basicAck:
            let ack = unsafe decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return unsafe .acknowledged(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case MethodID.basicNack:
            let nack = unsafe decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return unsafe .refused(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case MethodID.basicCancel:
            let cancel = unsafe decoded.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee
            return unsafe .consumerCancelled(tag: String(decoding: cancel.consumer_tag.buffer, as: UTF8.self))
        case MethodID.basicQoSOK: return .reply(.prefetchSet, channel: channel)
        case MethodID.basicConsumeOK:
            let ok = unsafe decoded.assumingMemoryBound(to: amqp_basic_consume_ok_t.self).pointee
            let tag = unsafe String(decoding: ok.consumer_tag.buffer, as: UTF8.self)
            return .reply(.consuming(tag: tag), channel: channel)
        case MethodID.basicCancelOK:
            let ok = unsafe decoded.assumingMemoryBound(to: amqp_basic_cancel_ok_t.self).pointee
            let tag = unsafe String(decoding: ok.consumer_tag.buffer, as: UTF8.self)
            return .reply(.cancelled(tag: tag), channel: channel)
        case MethodID.channelOpenOK: return .reply(.channelOpened, channel: channel)
        case MethodID.queueDeclareOK: return .reply(.queueExists, channel: channel)
        case MethodID.channelClose:
            let close = unsafe decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return unsafe .channelClosed(ChannelClosure(close), channel: channel)
        case MethodID.connectionClose:
            let close = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            let reason = unsafe String(decoding: close.reply_text.buffer, as: UTF8.self)
            return .connectionClosed(code: Int(unsafe close.reply_code), reason: reason)
        case MethodID.connectionBlocked:
            let blocked = unsafe decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return .blocked(reason: unsafe String(decoding: blocked.reason.buffer, as: UTF8.self))
        case MethodID.connectionUnblocked: return .unblocked
        default: return .incomplete
        }
    }
}
