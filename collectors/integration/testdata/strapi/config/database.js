const path = require('path');

module.exports = () => ({
  connection: {
    client: 'sqlite',
    useNullAsDefault: true,
    connection: { filename: path.join(__dirname, '..', 'data.db') },
  },
});
