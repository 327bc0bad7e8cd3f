CREATE SCHEMA "catalog";
--> statement-breakpoint
CREATE TABLE "catalog"."graph" (
	"graph_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"display_name" text NOT NULL,
	"tier" text NOT NULL,
	"stage" text NOT NULL,
	"node_id" text NOT NULL,
	"issued_epoch" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"is_open" boolean NOT NULL,
	"endpoint" text NOT NULL,
	"version" bigint NOT NULL,
	"create_time" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "graph_stage" CHECK ("catalog"."graph"."stage" in ('creating', 'ready', 'deleting')),
	CONSTRAINT "graph_epoch" CHECK (0 <= "catalog"."graph"."epoch" and "catalog"."graph"."epoch" <= "catalog"."graph"."issued_epoch")
);
--> statement-breakpoint
CREATE TABLE "catalog"."node" (
	"node_id" text PRIMARY KEY NOT NULL,
	"endpoint" text NOT NULL,
	"tier" text NOT NULL,
	"slots" integer NOT NULL,
	"is_draining" boolean NOT NULL,
	"is_live" boolean NOT NULL,
	"lease_end_time" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "catalog"."graph" ADD CONSTRAINT "graph_node_id_node_node_id_fk" FOREIGN KEY ("node_id") REFERENCES "catalog"."node"("node_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "graph_list" ON "catalog"."graph" USING btree ("organization_id","create_time","graph_id");--> statement-breakpoint
CREATE INDEX "graph_node" ON "catalog"."graph" USING btree ("node_id");--> statement-breakpoint
CREATE INDEX "graph_unfinished" ON "catalog"."graph" USING btree ("stage","create_time") WHERE "catalog"."graph"."stage" <> 'ready';