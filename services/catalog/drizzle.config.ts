import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './services/catalog/store/schema.ts',
  out: './services/catalog/store/migrations',
});
