ALTER TABLE "catalog"."graph" ADD COLUMN "parent_graph_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "catalog"."graph" ADD COLUMN "repository" text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE INDEX "graph_parent" ON "catalog"."graph" USING btree ("parent_graph_id") WHERE "catalog"."graph"."parent_graph_id" <> '';--> statement-breakpoint
CREATE UNIQUE INDEX "graph_repository" ON "catalog"."graph" USING btree ("repository") WHERE "catalog"."graph"."repository" <> '' and "catalog"."graph"."stage" <> 'deleting';