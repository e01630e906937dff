// The rate limit would refuse the sixth login of the seed.
module.exports = () => ({
  serveAdminPanel: false,
  auth: { secret: 'integration-jwt' },
  apiToken: { salt: 'integration-api' },
  transfer: { token: { salt: 'integration-transfer' } },
  flags: { nps: false, promoteEE: false },
  rateLimit: { enabled: false },
});
