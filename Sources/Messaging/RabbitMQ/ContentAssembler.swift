import FlotillaModels
import CFlotillaRabbitMQ
import Glibc

/// Puts a message's frames together: a method, a content header, and as many body frames as it takes.
struct ContentAssembler {
    enum Head {
        case delivery(DeliveryHead)
        case returned(ReturnHead)
    }

    var head: Head?
    var properties = MessageProperties()
    var headers = HeaderTable()
    var body: [UInt8] = []
    var missing = 0
    var cache = StringCache()

    init() {}

    /// For a message whose method has been read already.
    init(awaiting head: DeliveryHead) { self.head = .delivery(head) }

    /// Ends the message once its body is complete.
    mutating func completed() -> BrokerEvent {
        guard missing == 0, let head else { return .incomplete }
        let message = Message(properties: properties, headers: headers, body: body)
        self.head = nil
        body = []
        switch head {
        case .delivery(let head): return .delivery(head, message)
        case .returned(let head): return .returned(head, message)
        }
    }
}
