/// Names a delivery on the connection that it came by. The epoch grows with every reconnect.
package struct DeliveryToken: Sendable, Hashable {
    package let epoch: UInt64
    package let tag: UInt64

    package init(epoch: UInt64, tag: UInt64) {
        self.epoch = epoch
        self.tag = tag
    }
}
