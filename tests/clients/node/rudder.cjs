// RudderStack's SDK for Node, as its documentation uses it. Arguments: host, write key.
const RudderAnalytics = require('@rudderstack/rudder-sdk-node')

async function main(dataPlaneUrl, writeKey) {
  const client = new RudderAnalytics(writeKey, { dataPlaneUrl, flushAt: 20, logLevel: 'error' })
  const userId = 'ann'
  client.identify({ userId, anonymousId: 'cookie-1', traits: { email: 'ann@shop.example' } })
  client.track({ userId, event: 'Order Completed', properties: { order_id: 'o-1', revenue: 9, currency: 'GBP',
    products: [{ product_id: 'p-1', sku: '42', price: 4.5, quantity: 2 }] } })
  client.page({ userId, name: 'Tea', properties: { url: 'https://shop.example/tea' } })
  client.screen({ userId, name: 'Basket' })
  client.group({ userId, groupId: 'household-7', traits: { name: 'The Fields' } })
  client.alias({ userId, previousId: 'cookie-2' })
  const answer = await client.flush()
  if (answer instanceof Error) throw answer
}

main(process.argv[2], process.argv[3]).then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })
