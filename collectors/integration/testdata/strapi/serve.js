// Strapi's own start command wants the packages of the admin panel; its library does not.
const { createStrapi } = require('@strapi/strapi');

createStrapi({ appDir: __dirname, distDir: __dirname }).start();
