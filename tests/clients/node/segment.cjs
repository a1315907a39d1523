// Segment's SDK for Node, as its documentation uses it. Arguments: host, write key.
const { Analytics } = require('@segment/analytics-node')

async function main(host, writeKey) {
  const analytics = new Analytics({ writeKey, host, flushAt: 20, maxRetries: 0 })
  const problems = []
  analytics.on('error', (error) => problems.push(error))
  const userId = 'ann'
  analytics.identify({ userId, anonymousId: 'cookie-1', traits: { email: 'ann@shop.example' } })
  analytics.track({ userId, event: 'Order Completed', properties: { order_id: 'o-1', revenue: 9, currency: 'GBP',
    products: [{ product_id: 'p-1', sku: '42', price: 4.5, quantity: 2 }] } })
  analytics.page({ userId, name: 'Tea', properties: { url: 'https://shop.example/tea' } })
  analytics.screen({ userId, name: 'Basket' })
  analytics.group({ userId, groupId: 'household-7', traits: { name: 'The Fields' } })
  analytics.alias({ userId, previousId: 'cookie-2' })
  await analytics.closeAndFlush({ timeout: 10000 })
  if (problems.length) throw new Error(JSON.stringify(problems))
}

main(process.argv[2], process.argv[3]).catch((error) => { console.error(error); process.exit(1) })
